/** Everything on one machine, for trying and for proving. */
@NullMarked
package dev.parley.sandbox;

import org.jspecify.annotations.NullMarked;
