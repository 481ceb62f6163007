"""Islands on a cluster: workers, messages, recovery of islands that are lost, and Ray."""
