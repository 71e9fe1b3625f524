package dev.parley.sandbox;

import dev.parley.tenant.Secret;
import dev.parley.tenant.Vault;
import java.nio.file.Files;

/**
 * The keys that seal this sandbox's credentials, made at its first start. Without them the credentials in its database
 * are lost, so none are ever invented over a database that has some.
 *
 * @param text newest first, comma separated: the value of {@code TENANT_ENCRYPTION_KEY}
 */
record EncryptionKeys(Secret text, Vault vault) {
    private static final String NAME = "TENANT_ENCRYPTION_KEY";

    /** @throws SandboxException if they are missing though there is a database, or malformed; never shows them */
    static EncryptionKeys of(DataDirectory data, Secrets secrets) {
        if (secrets.find(NAME).isEmpty() && Files.exists(data.pg().resolve("PG_VERSION"))) {
            throw new SandboxException(NAME + " is missing in " + secrets.file() + ": it sealed the credentials in "
                    + data.pg() + ". Put it back, or delete " + data.root() + " to begin anew.");
        }
        Secret text = secrets.keep(NAME, Secrets::fernetKey);
        try {
            return new EncryptionKeys(text, Vault.of(text.reveal()));
        } catch (IllegalArgumentException e) {
            throw new SandboxException(e.getMessage() + " (in " + secrets.file() + ")", e);
        }
    }
}
