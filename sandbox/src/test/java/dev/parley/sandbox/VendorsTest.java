package dev.parley.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.parley.spi.EventReader;
import dev.parley.spi.MessagingAdapter;
import dev.parley.spi.WebhookProvider;
import io.vertx.mutiny.core.Vertx;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What CDI finds in the services is listed for commands: nobody may be forgotten. */
class VendorsTest {
    private static Set<String> beans(Class<?> seam, String packages) {
        return new ClassFileImporter()
                .importPackages(packages).stream()
                        .filter(type -> type.isAssignableTo(seam)
                                && type.isAnnotatedWith(Singleton.class)
                                && !type.getModifiers().contains(JavaModifier.ABSTRACT))
                        .map(JavaClass::getName)
                        .collect(Collectors.toSet());
    }

    private static Set<String> names(List<?> listed) {
        return listed.stream().map(each -> each.getClass().getName()).collect(Collectors.toSet());
    }

    @Test
    void every_reader_of_the_worker_is_listed() {
        assertThat(names(Vendors.eventReaders()))
                .isEqualTo(beans(EventReader.class, "dev.parley.work"))
                .isNotEmpty();
    }

    @Test
    void every_provider_of_the_door_is_listed() {
        assertThat(names(new Vendors(Map.of()).providers()))
                .isEqualTo(beans(WebhookProvider.class, "dev.parley.ingest"))
                .isNotEmpty();
    }

    /** By reflection: a new adapter must be thought of, and its vendor's list of messages with it. */
    @Test
    void of_every_adapter_it_is_said_whether_its_messages_can_be_listed() {
        Set<String> words = beans(MessagingAdapter.class, "dev.parley.work").stream()
                .map(name ->
                        name.replaceFirst(".*\\.", "").replace("Messaging", "").toLowerCase(java.util.Locale.ROOT))
                .collect(Collectors.toSet());
        Vertx vertx = Vertx.vertx();
        try {
            assertThat(words).hasSizeGreaterThan(4).allSatisfy(word -> {
                try {
                    assertThat(new Vendors(Map.of())
                                    .adapterWithHistory(word, vertx, null, null)
                                    .history())
                            .as(word)
                            .isPresent();
                } catch (SandboxException e) {
                    assertThat(e).hasMessageNotContaining("no adapter is called");
                }
            });
        } finally {
            vertx.closeAndAwait();
        }
    }

    @Test
    void settings_come_from_the_environment_by_the_workers_names() {
        Vertx vertx = Vertx.vertx();
        try {
            Vendors vendors = new Vendors(Map.of("PARLEY_GHL_BASE_URL", "http://elsewhere.example.org"));

            assertThatThrownBy(() -> vendors.adapterWithHistory("ghl", vertx, null, null))
                    .hasMessageContaining("must begin with https://");
        } finally {
            vertx.closeAndAwait();
        }
    }
}
