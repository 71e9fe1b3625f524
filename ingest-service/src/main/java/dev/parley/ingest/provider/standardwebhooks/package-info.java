/** Standard Webhooks 1.0.0: for everybody who can sign by that specification. */
@NullMarked
package dev.parley.ingest.provider.standardwebhooks;

import org.jspecify.annotations.NullMarked;
