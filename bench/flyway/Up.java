// SPDX-License-Identifier: Apache-2.0
import org.flywaydb.core.Flyway;

/** Runs the migrations of a folder with Flyway's library: Up HOST:PORT/DATABASE USER PASSWORD FOLDER. */
public final class Up {
    private Up() {
    }

    public static void main(String[] arguments) {
        Flyway.configure()
            .dataSource("jdbc:postgresql://" + arguments[0] + "?sslmode=disable", arguments[1], arguments[2])
            .locations("filesystem:" + arguments[3])
            .load()
            .migrate();
    }
}
