package leanvit.spark;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import leanvit.vit.Classification;
import leanvit.vit.Classifier;
import leanvit.vit.ModelRef;
import leanvit.vit.Outcome;
import leanvit.vit.Picture;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/**
 * The function that {@link LeanvitTransformer} maps partitions with: for {@code Dataset.mapPartitions} and
 * {@code JavaRDD.mapPartitions} of one's own. Of each row it takes the bytes of a JPEG or PNG file, and appends three
 * values: the embedding (float[], null where there is none), the likeliest class's label (its index where the model has
 * no names; null where there is none) and what is wrong with the picture (null where nothing is). So a broken picture
 * costs its own answer, and not the job.
 *
 * <p>An executor's JVM loads the model once, whatever runs there ({@link ModelRef#get}); what a task runs in, it takes
 * from a pool and gives back. Rows come out in their order; no more than a batch of them is held.
 */
public final class PictureRows implements MapPartitionsFunction<Row, Row>, FlatMapFunction<Iterator<Row>, Row> {

    private static final long serialVersionUID = 1L;

    /** The model and the reducer. */
    private final ModelRef model;
    /** Which value of a row is the picture. */
    private final int column;
    /** How many rows go through the model together. */
    private final int batch;

    /**
     * Makes a function.
     *
     * @param model  the model and the reducer; its directory as the executors see it
     * @param column which value of a row holds the picture's bytes, counted from 0
     * @param batch  how many rows go through the model together, at least 1
     */
    public PictureRows(ModelRef model, int column, int batch) {
        if (batch < 1 || column < 0) {
            throw new IllegalArgumentException("batch is " + batch + " and column " + column
                    + ", expected at least 1 and 0");
        }
        this.model = model;
        this.column = column;
        this.batch = batch;
    }

    @Override
    public Iterator<Row> call(Iterator<Row> rows) throws IOException {
        Classifier classifier = model.get();
        return new Answers(rows, classifier.with(classifier.callLimits().withBatch(batch)));
    }

    /** The rows with what was found, a batch ahead. */
    private final class Answers implements Iterator<Row> {

        private final Iterator<Row> rows;
        private final Classifier classifier;
        private final int top;
        private Iterator<Row> ready = List.<Row>of().iterator();

        Answers(Iterator<Row> rows, Classifier classifier) {
            this.rows = rows;
            this.classifier = classifier;
            top = Math.min(1, classifier.model().config().classes());
        }

        @Override
        public boolean hasNext() {
            return ready.hasNext() || rows.hasNext();
        }

        @Override
        public Row next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            if (!ready.hasNext()) {
                ready = batch().iterator();
            }
            return ready.next();
        }

        private List<Row> batch() {
            List<Row> taken = new ArrayList<>();
            List<Picture> pictures = new ArrayList<>();
            while (taken.size() < batch && rows.hasNext()) {
                Row row = rows.next();
                taken.add(row);
                if (!row.isNullAt(column)) {
                    pictures.add(Picture.of((byte[]) row.get(column)));
                }
            }
            Iterator<Outcome<Classification>> outcomes = classifier.run(pictures, top).iterator();
            List<Row> answers = new ArrayList<>();
            for (Row row : taken) {
                answers.add(row.isNullAt(column) ? with(row, null, null, "no picture: null")
                        : answer(row, outcomes.next()));
            }
            return answers;
        }

        private Row answer(Row row, Outcome<Classification> outcome) {
            try {
                Classification found = outcome.get();
                String label = found.predictions().isEmpty() ? null : found.predictions().get(0).label();
                return with(row, found.embedding(), label != null && label.isEmpty()
                        ? String.valueOf(found.predictions().get(0).index()) : label, null);
            } catch (IOException broken) {
                return with(row, null, null, broken.getMessage());
            }
        }
    }

    private static Row with(Row row, Serializable embedding, String label, String error) {
        Object[] values = new Object[row.size() + 3];
        for (int i = 0; i < row.size(); i++) {
            values[i] = row.get(i);
        }
        values[row.size()] = embedding;
        values[row.size() + 1] = label;
        values[row.size() + 2] = error;
        return RowFactory.create(values);
    }
}
