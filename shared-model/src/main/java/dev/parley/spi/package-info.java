/** The seams: what a vendor or a job type plugs into. Vendors implement, the spine calls; nobody imports a vendor. */
@NullMarked
package dev.parley.spi;

import org.jspecify.annotations.NullMarked;
