/** GoHighLevel on one's own machine: its API, its webhooks and a phone to write from. */
@NullMarked
package dev.parley.sandbox.standin;

import org.jspecify.annotations.NullMarked;
