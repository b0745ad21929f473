//! One merge library: JSON patch, merge patch, strategic merge, three-way and server-side-apply ownership.
