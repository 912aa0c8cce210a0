// Package bench measures the whole line at the milter socket, against a null milter on the same library in the same run, and the inspection of
// a corpus of Office files, in time and in memory, against the time that olevba took for them and that inflating alone takes.
//
// # Limits
//
// Everything is on a Unix socket in a temporary folder and ends with the benchmark. Timings on a shared machine vary by half; the ratios
// of one run are what counts.
package bench
