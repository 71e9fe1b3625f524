/** GoHighLevel: webhooks of a marketplace app, and those of workflows. */
@NullMarked
package dev.parley.ingest.provider.ghl;

import org.jspecify.annotations.NullMarked;
