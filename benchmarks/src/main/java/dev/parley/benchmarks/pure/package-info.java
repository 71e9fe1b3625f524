/** JMH benchmarks of what needs no I/O, and what they are given. */
@org.jspecify.annotations.NullMarked
package dev.parley.benchmarks.pure;
