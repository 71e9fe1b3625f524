package dev.parley.work;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import jakarta.inject.Inject;
import org.junit.jupiter.api.Test;

/** The house rules that a compiler does not know. */
class ArchitectureTest {
    private static final JavaClasses WORKER = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.parley.work");

    private static void holds(ArchRule rule) {
        rule.check(WORKER);
    }

    @Test
    void the_worker_does_not_know_the_door() {
        holds(noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.parley.ingest..",
                        "dev.parley.inbound..",
                        "dev.parley.migrations..",
                        "dev.parley.sandbox..")
                .because("work → spi, dialog, queue, tenant"));
    }

    @Test
    void nobody_imports_a_vendor() {
        holds(noClasses()
                .that()
                .resideOutsideOfPackage("dev.parley.work.adapter..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.parley.work.adapter..")
                .because("the spine keeps its size with twenty vendors; CDI finds them"));
    }

    @Test
    void handlers_do_not_know_the_spine() {
        holds(noClasses()
                .that()
                .resideInAnyPackage(
                        "dev.parley.work.handler..", "dev.parley.work.reader..", "dev.parley.work.adapter..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.parley.work")
                .because("calls run downward only"));
    }

    @Test
    void urls_of_strangers_have_one_way_out() {
        holds(noClasses()
                .that()
                .doNotHaveFullyQualifiedName("dev.parley.work.outside.OutsideHttp")
                .and()
                .doNotHaveFullyQualifiedName("dev.parley.work.adapter.VendorHttp")
                .should()
                .callMethodWhere(new DescribedPredicate<JavaMethodCall>("an HTTP client is made") {
                    @Override
                    public boolean test(JavaMethodCall call) {
                        return call.getName().startsWith("createHttpClient")
                                || call.getName().equals("newHttpClient")
                                || call.getName().equals("openConnection");
                    }
                })
                .because("vendors' APIs are called through VendorHttp, everybody else's URLs through the guard"));
    }

    @Test
    void nothing_waits_on_the_event_loop() {
        holds(noClasses()
                .should()
                .callMethod(Thread.class, "sleep", long.class)
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("io.smallrye.mutiny.groups.UniAwait")
                .because("one blocked event loop stalls every lane on it"));
    }

    @Test
    void there_is_no_jdbc_and_no_cipher() {
        holds(noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.sql..", "javax.sql..", "javax.crypto..")
                .because("JDBC lives in migrations, crypto in the vault"));
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
    }
}
