/** Chatwoot's application API. */
@NullMarked
package dev.parley.work.adapter.chatwoot;

import org.jspecify.annotations.NullMarked;
