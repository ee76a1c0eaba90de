"""What people say: documents, Label Studio, corrections (a Django app)."""
