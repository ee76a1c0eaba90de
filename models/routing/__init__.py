"""Pages in; the document type that they are of out, with how sure that is, or that it is none that is known.

`learning.learn` makes a `Router` of documents whose types people know, from ten of a type on; `files` keeps it without
pickles. What no type claims is unknown, and belongs to a person, never to a wrong model.
"""

from models.routing.learning import learn as learn
from models.routing.router import UNKNOWN as UNKNOWN
from models.routing.router import Routed as Routed
from models.routing.router import Router as Router
