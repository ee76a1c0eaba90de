"""Pages in; the document type that they are of out, with how sure that is, or that it is none that is known.

`learning.learn` makes a `router.Router` of documents whose types people know, from ten of a type on; `files` keeps it
without pickles. What no type claims is unknown, and belongs to a person, never to a wrong model. What stands here is
cheap to import; the modules bring scikit-learn along.
"""

from models.schema import Field, Schema

UNKNOWN = ""
PAGES = 2  # the first ones: what a document is stands at its beginning
SCHEMA = Schema((Field("document_type", label="type of document"),))  # what a router says of a document
