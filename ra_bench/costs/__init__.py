"""What models cost on this machine: time, memory, energy."""
