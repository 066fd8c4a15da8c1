"""What has to be done, one after the other."""
