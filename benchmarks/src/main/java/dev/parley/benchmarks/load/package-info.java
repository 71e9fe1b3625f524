/** A load generator that costs little, so that what is measured is the service. */
@org.jspecify.annotations.NullMarked
package dev.parley.benchmarks.load;
