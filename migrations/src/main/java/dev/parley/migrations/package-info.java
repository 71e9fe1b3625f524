/** The schema: Flyway, JDBC, and nothing else that speaks either. */
@NullMarked
package dev.parley.migrations;

import org.jspecify.annotations.NullMarked;
