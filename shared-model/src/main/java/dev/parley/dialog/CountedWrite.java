package dev.parley.dialog;

import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.SqlConnection;
import io.vertx.mutiny.sqlclient.Tuple;

/** A statement together with the number of rows it must write; any other number means that somebody was faster. */
record CountedWrite(String what, String sql, Tuple arguments, int rows) {

    Uni<Void> run(SqlConnection tx) {
        return tx.preparedQuery(sql)
                .execute(arguments)
                .invoke(written -> {
                    if (written.rowCount() != rows) {
                        throw new DialogConflictException(what, rows, written.rowCount());
                    }
                })
                .replaceWithVoid();
    }
}
