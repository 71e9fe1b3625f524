/** The worker: owns lanes of contacts, runs their jobs in order, settles them under its lease. */
@NullMarked
package dev.parley.work;

import org.jspecify.annotations.NullMarked;
