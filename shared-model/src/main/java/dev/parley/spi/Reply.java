package dev.parley.spi;

/** The body of a 200 that a vendor wants to read in its own words. The trace id then stands in a header. */
public record Reply(String contentType, String body) {}
