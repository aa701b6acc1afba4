package leanvit.app.cli;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import leanvit.vit.json.JsonWriter;
import leanvit.vit.train.TrainingListener;
import leanvit.vit.train.TrainingProgress;

/** Shows how a run goes: a line per epoch, and where there is a terminal one that changes. */
final class TrainingWatcher implements TrainingListener {

    private final Terminal terminal;
    private final boolean quiet;
    private final double minutes;
    private final long began = System.nanoTime();
    private TrainingProgress last;
    private int skipped;

    /**
     * Makes a watcher.
     *
     * @param quiet   whether there are no lines per epoch
     * @param minutes after which the run is to stop; 0 for never
     */
    TrainingWatcher(Terminal terminal, boolean quiet, double minutes) {
        this.terminal = terminal;
        this.quiet = quiet;
        this.minutes = minutes;
    }

    /** Returns what was last heard of the run. */
    TrainingProgress last() {
        return last;
    }

    /** Writes the steps and the loss; neither is known of a run that was resumed behind its last step. */
    JsonWriter into(JsonWriter json) {
        return last == null ? json : json.name("steps").value(last.step()).name("loss").value(last.loss());
    }

    /** Returns how many pictures were left out. */
    int skipped() {
        return skipped;
    }

    @Override
    public boolean step(TrainingProgress progress) {
        boolean epochEnds = progress.step() * progress.epochs() / progress.steps() > progress.epoch();
        StringBuilder figures = new StringBuilder();
        for (Map.Entry<String, Double> figure : new TreeMap<>(progress.figures()).entrySet()) {
            figures.append(String.format(Locale.ROOT, ", %s %.4f", figure.getKey(), figure.getValue()));
        }
        String line = String.format(Locale.ROOT, "epoch %d of %d, step %d: loss %.4f, accuracy %.1f %%%s, "
                + "%.0f images/s, %s left", progress.epoch() + 1, progress.epochs(), progress.step(),
                progress.loss(), 100 * progress.accuracy(), figures, progress.imagesPerSecond(),
                time(progress.secondsLeft()));
        if (epochEnds && !quiet) {
            terminal.endProgress();
            terminal.out().println(line);
            terminal.out().flush();
        } else {
            terminal.progress(line);
        }
        last = progress;
        return minutes == 0 || System.nanoTime() - began < minutes * 60e9;
    }

    @Override
    public void skipped(String problem) {
        skipped++;
        terminal.warning(problem + "; left out");
    }

    private static String time(double seconds) {
        return seconds < 100 ? Math.round(seconds) + " s" : Math.round(seconds / 60) + " min";
    }
}
