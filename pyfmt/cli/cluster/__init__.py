"""`pyfmt check --executor`: the parts of one run on the machines of a cluster, joined to the report of one machine."""
