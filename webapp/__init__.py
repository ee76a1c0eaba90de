"""The shell: what people and programs see, and the wiring of the loop."""
