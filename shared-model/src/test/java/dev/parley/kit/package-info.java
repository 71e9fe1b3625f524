/** What tests stand on: a real Postgres, rows to begin with, and one contract per seam. */
package dev.parley.kit;
