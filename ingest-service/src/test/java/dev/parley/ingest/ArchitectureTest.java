package dev.parley.ingest;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import dev.parley.spi.WebhookProvider;
import jakarta.inject.Inject;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.parley.ingest");

    private static void holds(ArchRule rule) {
        rule.check(CLASSES);
    }

    @Test
    void ingest_knows_the_seams_and_the_stores_it_writes_through() {
        holds(noClasses()
                .that()
                .resideInAPackage("dev.parley.ingest..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.parley.dialog..", "dev.parley.work..", "dev.parley.migrations..", "dev.parley.sandbox..")
                .because("ingest → spi, inbound, queue, tenant; what becomes of a job is the worker's business"));
    }

    @Test
    void nobody_imports_a_vendor() {
        holds(noClasses()
                .that()
                .resideInAPackage("dev.parley.ingest")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.parley.ingest.provider..")
                .because("the spine keeps its size with twenty vendors; CDI finds them"));
    }

    @Test
    void vendors_do_not_know_each_other_or_the_spine() {
        holds(slices().matching("dev.parley.ingest.provider.(*)..")
                .should()
                .notDependOnEachOther()
                .because("whatever belongs to one vendor stays there"));
        holds(classes()
                .that()
                .implement(WebhookProvider.class)
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "javax.crypto..",
                        "jakarta.inject..",
                        "org.jspecify..",
                        "org.slf4j..",
                        "io.vertx.core.json..",
                        "dev.parley.spi..",
                        "dev.parley.inbound..",
                        "dev.parley.queue..",
                        "dev.parley.tenant..",
                        "dev.parley.ingest.provider..",
                        "dev.parley.ingest")
                .because("a provider is a pure function of bytes"));
    }

    @Test
    void nothing_waits_on_the_event_loop() {
        holds(noClasses()
                .should()
                .callMethod(Thread.class, "sleep", long.class)
                .orShould()
                .callMethod(Thread.class, "join")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("io.smallrye.mutiny.groups.UniAwait")
                .because("one blocked event loop stalls every webhook on it"));
    }

    @Test
    void there_is_no_jdbc() {
        holds(noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.sql..", "javax.sql..")
                .because("JDBC blocks; it lives in migrations"));
    }

    @Test
    void crypto_is_for_providers() {
        holds(noClasses()
                .that()
                .resideOutsideOfPackage("dev.parley.ingest.provider..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("javax.crypto..", "org.bouncycastle..")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.security.Signature")
                .because("signatures are a vendor's affair and secrets are the vault's"));
    }

    @Test
    void secrets_are_compared_in_constant_time() {
        holds(noClasses()
                .that()
                .resideInAPackage("dev.parley.ingest.provider..")
                .and()
                // Its prefix is the same in every public key.
                .doNotHaveSimpleName("Ed25519Key")
                .should()
                .callMethod(java.util.Arrays.class, "equals", byte[].class, byte[].class)
                .orShould()
                .callMethod(java.util.Arrays.class, "compare", byte[].class, byte[].class)
                .orShould()
                .callMethod(java.util.Arrays.class, "mismatch", byte[].class, byte[].class)
                .because("how long they take tells how much of a guess was right; MessageDigest.isEqual does not"));
    }

    @Test
    void the_database_is_spoken_to_by_few() {
        holds(noClasses()
                .that()
                .doNotHaveSimpleName("WorkerHint")
                .and()
                .doNotHaveSimpleName("Readiness")
                .should()
                .callMethodWhere(com.tngtech.archunit.base.DescribedPredicate.describe(
                        "a statement is sent",
                        call -> call.getTarget().getName().equals("preparedQuery")
                                || call.getTarget().getName().equals("query")))
                .because("SQL that names a table is in its table's owner; here are only a hint and a version"));
    }

    @Test
    void names_say_what_a_thing_is() {
        holds(noClasses()
                .should()
                .haveNameMatching(".*(Util|Utils|Helper|Manager|Impl|Dto|DTO|Mapper)")
                .because("such a name says nothing; the thing has a better one"));
    }

    @Test
    void constructors_inject() {
        holds(noFields()
                .should()
                .beAnnotatedWith(Inject.class)
                .because("what a class needs stands in its constructor, where tests can give it"));
        holds(fields().that()
                .areDeclaredInClassesThat()
                .areRecords()
                .should()
                .beFinal()
                .because("records are facts"));
    }
}
