package dev.parley.dialog;

import dev.parley.tenant.TenantId;

/** How a person is found: the contract's {@code UNIQUE (tenant_id, channel, channel_address)}. */
public record ContactKey(TenantId tenant, String channel, String address) {

    /** Never the address in full: this ends up in log lines. */
    @Override
    public String toString() {
        String tail = address.length() > 4 ? address.substring(address.length() - 2) : "";
        return tenant + "/" + channel + "/…" + tail;
    }
}
