"""What the machine makes of it: selection, snapshots, training runs, gate, promotion (a Django app)."""
