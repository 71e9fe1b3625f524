/** Scenarios that measure Parley beside what a team would use instead, each followed by a check of what it did. */
@org.jspecify.annotations.NullMarked
package dev.parley.benchmarks;
