//! REST API, event stream and web page over clusters.
