"""How many threads trees answer on."""

import json

import numpy as np
import xgboost

from models.extractors.fields import Reading
from models.extractors.tagger import TaggerExtractor
from models.extractors.tagger.recipe import Recipe
from models.schema import Field, Kind, Schema


def test_trees_that_were_trained_on_several_threads_answer_on_one() -> None:
    rng = np.random.default_rng(1)
    data = xgboost.DMatrix(rng.normal(size=(60, 4)), rng.integers(0, 3, 60))
    trees = xgboost.train({"objective": "multi:softprob", "num_class": 3, "nthread": 2}, data, 2)
    wanted = trees.inplace_predict(np.ones((1, 4)))
    schema = Schema((Field("total", Kind.MONEY),))
    made = TaggerExtractor(schema, trees, (), None, None, Reading(), Recipe())  # the base is not asked
    assert json.loads(made.trees.save_config())["learner"]["generic_param"]["nthread"] == "1"
    np.testing.assert_array_equal(made.trees.inplace_predict(np.ones((1, 4))), wanted)
