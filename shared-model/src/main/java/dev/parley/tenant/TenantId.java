package dev.parley.tenant;

import java.util.UUID;

/** One client of the system; a type of its own so that it is never swapped with another UUID. */
public record TenantId(UUID value) {
    @Override
    public String toString() {
        return value.toString();
    }
}
