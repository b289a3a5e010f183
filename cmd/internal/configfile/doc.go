// Package configfile reads the file of udplab proxy --config: several proxies, and
// what holds for the process they run in.
//
// It is YAML, or JSON, in the words of the flags; see yamlfile for what of YAML is
// read. `udplab config template` prints an example with every kind of line.
//
//	# Of the process: api, metrics, log, max-flows and what other flags of udplab
//	# proxy are not of a single proxy. A flag on the command line prevails.
//	api: 127.0.0.1:8474
//	metrics: 127.0.0.1:9090
//	seed: 7                     # of every proxy that has none of its own
//
//	proxies:                    # the specs of control.ParseSpec
//	  - name: dns
//	    listen: 127.0.0.1:5300  # without it any port of 127.0.0.1
//	    upstream: 127.0.0.1:53
//	    loss: 5%                # both directions
//	    down: {delay: 40ms, rate: 10mbit}
//
// A key that nobody knows is refused, as is everything else that would be ignored.
//
// A setting that names a file (loss-model: "trace:losses.csv"), those of scenarios and
// toxics included, means one beside this file, unless the path is absolute. It is read at each reading of this file.
package configfile
