"""What the commands share: options, printing, writing of new files, and signals."""
