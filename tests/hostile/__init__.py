"""Files and model folders that were made to do harm."""
