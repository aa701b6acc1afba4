package leanvit.app.cli;

import java.util.List;
import leanvit.reducers.ReducerMethod;
import leanvit.reducers.Reducers;

/** The part of the help that tells which reducers there are, as their registrations have it. */
final class ReducerHelp {

    private ReducerHelp() {
    }

    /**
     * Appends the methods: an example and a sentence each, and below it the keys.
     *
     * @param column where the texts begin
     */
    static void append(StringBuilder help, int column) {
        help.append("\nReducers, NAME:KEY=VALUE,KEY=VALUE:\n");
        for (ReducerMethod method : Reducers.methods()) {
            entry(help, "  " + method.example(), method.summary(), column);
            for (ReducerMethod.Key key : method.keys()) {
                entry(help, "      " + key.name(), key.meaning()
                        + (key.fallback().isEmpty() ? "" : " (default: " + key.fallback() + ")"), column);
            }
        }
        Syntax.wrap(help,
                "Lists are written with /, blocks count from 0. A file's name with a comma or a semicolon in it "
                + "stands in double quotes: thresholds=\"a,b.safetensors\". Methods of your own are found on the "
                + "class path: java -cp leanvit.jar:own.jar leanvit.app.cli.Main COMMAND ...", 0);
        List<String> problems = Reducers.problems();
        for (String problem : problems) {
            Syntax.wrap(help, "Note: " + problem, 0);
        }
    }

    private static void entry(StringBuilder help, String name, String text, int column) {
        help.append(name);
        if (name.length() > column - 2) {
            help.append('\n').append(" ".repeat(column));
        } else {
            help.append(" ".repeat(column - name.length()));
        }
        Syntax.wrap(help, text, column);
    }
}
