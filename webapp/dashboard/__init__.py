"""What people see: one module for each page, thin over the stages' own functions."""
