package dev.parley.ingest;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Everything that can be set, under {@code parley.ingest}. */
@ConfigMapping(prefix = "parley.ingest")
public interface IngestConfig {
    Db db();

    /** Fernet keys that open the tenants' webhook secrets, newest first, comma separated ({@code TENANT_ENCRYPTION_KEY}). */
    Optional<String> encryptionKeys();

    /**
     * Under which URL the world sees this service, such as {@code https://hooks.example.com} ({@code PARLEY_PUBLIC_URL}).
     * Some vendors sign the URL they call; what a request says about its host proves nothing.
     */
    Optional<String> publicUrl();

    /** Largest body taken; larger ones are answered 413. Counted while reading. */
    @WithDefault("1M")
    MemorySize maxBody();

    /** How long a whole body may take to arrive; then 408. */
    @WithDefault("10S")
    Duration bodyTimeout();

    /** Bytes of bodies held at once, over all requests; beyond that senders are told to come back later. */
    @WithDefault("64M")
    MemorySize maxHeld();

    /**
     * How old a request is when its sender is told that it is unknown or forged, so that the time of the answer says
     * nothing about what was looked up and verified; more than that takes. 0 = at once.
     */
    @WithDefault("10ms")
    Duration refusalDelay();

    /** What {@code Retry-After} says when nothing can be stored now. */
    @WithDefault("10S")
    Duration retryAfter();

    /** What {@code Retry-After} says for a tenant that is switched off. */
    @WithDefault("5M")
    Duration retryAfterDisabled();

    /** How many refused requests are remembered for the operator (who, when and why; nothing they sent). */
    @WithDefault("200")
    int rememberedRefusals();

    /** Largest body of single providers, where it is not {@code max-body}: by the provider's name. */
    Map<String, MemorySize> maxBodyOf();

    /** Providers that are switched off; their URLs are answered like any unknown path. */
    Optional<List<String>> disabledProviders();

    Limits limits();

    Flush flush();

    Tenants tenants();

    Ghl ghl();

    GhlWorkflow ghlWorkflow();

    StandardWebhooks standardWebhooks();

    WhatsApp whatsapp();

    Chatwoot chatwoot();

    /** @throws IllegalArgumentException names the first key whose value cannot work */
    default void check() {
        positive("max-body", maxBody().asLongValue());
        positive("max-held", maxHeld().asLongValue());
        maxBodyOf().forEach((provider, size) -> positive("max-body-of." + provider, size.asLongValue()));
        positive("limits.address-burst", limits().addressBurst());
        positive("limits.addresses", limits().addresses());
        positive("limits.tenant-burst", limits().tenantBurst());
        positive("limits.backlog.every", limits().backlog().every().toMillis());
        notNegative("limits.address-rate", limits().addressRate());
        notNegative("limits.tenant-rate", limits().tenantRate());
        notNegative("limits.backlog.max-jobs", limits().backlog().maxJobs());
        notNegative("limits.backlog.max-age", limits().backlog().maxAge().toMillis());
        notNegative("limits.backlog.max-overdue", limits().backlog().maxOverdue());
        notNegative("refusal-delay", refusalDelay().toMillis());
        positive("body-timeout", bodyTimeout().toMillis());
        positive("db.dead-after", db().deadAfter().toMillis());
        positive("flush.max-events", flush().maxEvents());
        positive("flush.max-bytes", flush().maxBytes().asLongValue());
        positive("flush.max-waiting", flush().maxWaiting());
        positive("flush.timeout", flush().timeout().toMillis());
        positive("tenants.refresh", tenants().refresh().toMillis());
        positive("tenants.secrets-of", tenants().secretsOf());
        positive("whatsapp.app-secrets-every", whatsapp().appSecretsEvery().toMillis());
        positive("ghl-workflow.window", ghlWorkflow().window().toMillis());
        if (maxHeld().asLongValue() < maxBody().asLongValue()) {
            throw new IllegalArgumentException(
                    "parley.ingest.max-held must not be less than parley.ingest.max-body: no body of that size could be taken");
        }
    }

    private static void positive(String key, long value) {
        if (value <= 0) {
            throw new IllegalArgumentException("parley.ingest." + key + " must be more than nothing, it is " + value);
        }
    }

    private static void notNegative(String key, long value) {
        if (value < 0) {
            throw new IllegalArgumentException(
                    "parley.ingest." + key + " must not be less than 0 (0 = no limit), it is " + value);
        }
    }

    /** Who may send how much. */
    interface Limits {
        /**
         * Requests a second of one client address (IPv6: of one /64) that turn out not to be genuine; 0 = no limit. Genuine
         * ones do not count.
         */
        @WithDefault("200")
        int addressRate();

        /**
         * How many of them may come at once. Requests under way count until they are known to be genuine, so not less than
         * a provider may have open at the same moment.
         */
        @WithDefault("4000")
        int addressBurst();

        /** For how many addresses this is remembered; about 200 bytes each. */
        @WithDefault("65536")
        int addresses();

        /** Genuine events a second of one tenant; 0 = no limit. */
        @WithDefault("1000")
        int tenantRate();

        /** How many of them may come at once; less than {@code flush.max-waiting}, which all tenants share. */
        @WithDefault("2000")
        int tenantBurst();

        /**
         * Addresses and networks of our own proxies, comma separated: from them, and from nobody else,
         * {@code X-Forwarded-For} is believed. None: the address is whom the connection is with.
         */
        Optional<List<String>> trustedProxies();

        Backlog backlog();
    }

    /** When the workers are so far behind that senders had better keep their events. */
    interface Backlog {
        /** Jobs of enabled tenants that are due; 0 = any number. */
        @WithDefault("200000")
        int maxJobs();

        /** A job that has been due for longer is overdue; 0 = never. */
        @WithDefault("12H")
        Duration maxAge();

        /** How many jobs may be overdue; 0 = any number. */
        @WithDefault("10000")
        int maxOverdue();

        /** How often that is looked at, at most. */
        @WithDefault("5S")
        Duration every();
    }

    /** Where the events go. */
    interface Db {
        /** {@code postgresql://host:port/database} ({@code PARLEY_DB_URL}). */
        String url();

        /** Member of the role {@code parley_ingest} ({@code PARLEY_DB_USER}). */
        String user();

        /** {@code PARLEY_DB_PASSWORD}; empty = none. */
        Optional<String> password();

        /**
         * A connection in use, or being made, that says nothing for this long is closed and replaced. Must be longer than
         * {@code quarkus.datasource.reactive.idle-timeout}, after which idle ones are given back anyway.
         */
        @WithDefault("15S")
        Duration deadAfter();
    }

    /** The group commit. */
    interface Flush {
        /** Most events in one statement. */
        @WithDefault("256")
        int maxEvents();

        /** Most bytes of payload in one statement (a single larger event still goes, alone). */
        @WithDefault("8M")
        MemorySize maxBytes();

        /** Events waiting for their turn; beyond that senders are told to come back later. */
        @WithDefault("4096")
        int maxWaiting();

        /** How long a flush may take before its senders are told to come back later. */
        @WithDefault("2S")
        Duration timeout();

        /** Least time between two hints to the workers. */
        @WithDefault("10ms")
        Duration hintPause();
    }

    /** What is kept in memory about tenants. */
    interface Tenants {
        /** How often all tenants are read again, whatever notifications say. */
        @WithDefault("30S")
        Duration refresh();

        /** How long a tenant's opened webhook secrets are kept. */
        @WithDefault("30S")
        Duration secretsFor();

        /** For how many tenants at most. */
        @WithDefault("10000")
        int secretsOf();
    }

    /** Provider {@code ghl}: webhooks of a GoHighLevel marketplace app. */
    interface Ghl {
        /** Ids of our apps; events of any other are acknowledged and dropped ({@code PARLEY_GHL_APP_IDS}). */
        Optional<List<String>> appIds();

        /**
         * Ed25519 keys accepted beside GoHighLevel's own, as base64 of their SubjectPublicKeyInfo
         * ({@code PARLEY_GHL_PUBLIC_KEYS}).
         */
        Optional<List<String>> publicKeys();

        /**
         * A file with further keys, one a line ({@code PARLEY_GHL_PUBLIC_KEYS_FILE}); read again when it changes, so that a
         * rotation needs no restart. {@code #} begins a comment.
         */
        Optional<String> publicKeysFile();

        /** How often that file is looked at. */
        @WithDefault("10S")
        Duration publicKeysEvery();
    }

    /** Provider {@code ghl-workflow}: the "Webhook" action of a GoHighLevel workflow. */
    interface GhlWorkflow {
        /** Equal bodies are one event for at least this long, and for at most twice as long. */
        @WithDefault("60S")
        Duration window();
    }

    /** Provider {@code standard-webhooks}. */
    interface StandardWebhooks {
        /** How far {@code webhook-timestamp} may be from our clock, either way. */
        @WithDefault("5M")
        Duration tolerance();
    }

    /** Provider {@code whatsapp}: Meta's Cloud API. */
    interface WhatsApp {
        /**
         * Secrets of our Meta app, any of which may have signed: newest first, two while one is being replaced
         * ({@code PARLEY_WHATSAPP_APP_SECRETS}). None: every webhook of Meta is refused.
         */
        Optional<List<String>> appSecrets();

        /**
         * A file with further ones, one a line ({@code PARLEY_WHATSAPP_APP_SECRETS_FILE}); read again when it changes, so
         * that a rotation needs no restart. {@code #} begins a comment.
         */
        Optional<String> appSecretsFile();

        /** How often that file is looked at. */
        @WithDefault("10S")
        Duration appSecretsEvery();

        /** What Meta has to show when it checks our URL ({@code PARLEY_WHATSAPP_VERIFY_TOKENS}). None: nobody can. */
        Optional<List<String>> verifyTokens();
    }

    /** Provider {@code chatwoot}. */
    interface Chatwoot {
        /** How far {@code X-Chatwoot-Timestamp} may be from our clock, either way. */
        @WithDefault("5M")
        Duration tolerance();
    }
}
