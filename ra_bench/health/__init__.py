"""What is wrong with a machine, its folders and its plugins. Reads only."""
