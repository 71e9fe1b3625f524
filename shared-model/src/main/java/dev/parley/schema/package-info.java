/** What the services need of the schema as a whole. */
@NullMarked
package dev.parley.schema;

import org.jspecify.annotations.NullMarked;
