package leanvit.spark;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import leanvit.vit.ModelRef;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Embeds and names pictures: a column of file bytes, as {@code spark.read().format("binaryFile")} gives it, becomes a
 * column of feature vectors, one of labels and one of errors.
 *
 * <pre>{@code
 * Dataset<Row> found = new LeanvitTransformer().setModelPath("/models/deit-tiny").setReducer("tome:r=13")
 *         .transform(spark.read().format("binaryFile").load("/pictures").select("path", "content"));
 * }</pre>
 *
 * <p>A picture that cannot be read has nulls and a message, and the job goes on. What an executor needs is the model's
 * directory at the same path; the model is loaded once per JVM ({@link ModelRef}).
 */
public class LeanvitTransformer extends Transformer implements DefaultParamsWritable {

    private static final long serialVersionUID = 1L;

    /** The name among a pipeline's stages. */
    private final String uid;
    private final Param<String> inputCol;
    private final Param<String> outputCol;
    private final Param<String> labelCol;
    private final Param<String> errorCol;
    private final Param<String> modelPath;
    private final Param<String> reducer;
    private final IntParam batchSize;
    private final BooleanParam vector;

    /** Makes a transformer; its model has yet to be set. */
    public LeanvitTransformer() {
        this(Identifiable.randomUID("leanvit"));
    }

    /** Makes a transformer of a name, as a stored pipeline has it. */
    public LeanvitTransformer(String uid) {
        this.uid = uid;
        inputCol = new Param<>(this, "inputCol", "column of the pictures' bytes, JPEG or PNG files");
        outputCol = new Param<>(this, "outputCol", "column that receives the feature vectors");
        labelCol = new Param<>(this, "labelCol", "column that receives the likeliest class's label; empty for none");
        errorCol = new Param<>(this, "errorCol", "column that receives what is wrong with a picture");
        modelPath = new Param<>(this, "modelPath", "the model's directory, as the executors see it");
        reducer = new Param<>(this, "reducer", "how tokens are reduced, such as tome:r=8");
        batchSize = new IntParam(this, "batchSize", "pictures that go through the model together");
        vector = new BooleanParam(this, "vector", "whether outputCol is a vector of spark.ml; else an array of floats");
        setDefault(inputCol, "content");
        setDefault(outputCol, "embedding");
        setDefault(labelCol, "label");
        setDefault(errorCol, "error");
        setDefault(reducer, "none");
        setDefault(batchSize, 8);
        setDefault(vector, false);
    }

    /** Returns what reads transformers that were written; stored pipelines ask for it by this name. */
    public static MLReader<LeanvitTransformer> read() {
        return new DefaultParamsReader<>();
    }

    /** Reads a transformer that was written with {@code write().save(path)}. */
    public static LeanvitTransformer load(String path) {
        return read().load(path);
    }

    @Override
    public String uid() {
        return uid;
    }

    /** Column of the pictures' bytes; by default {@code content}. */
    public Param<String> inputCol() {
        return inputCol;
    }

    /** Sets {@link #inputCol}. */
    public LeanvitTransformer setInputCol(String column) {
        set(inputCol, column);
        return this;
    }

    /** Column that receives the feature vectors; by default {@code embedding}. */
    public Param<String> outputCol() {
        return outputCol;
    }

    /** Sets {@link #outputCol}. */
    public LeanvitTransformer setOutputCol(String column) {
        set(outputCol, column);
        return this;
    }

    /** Column that receives the likeliest class's label, or its index; by default {@code label}, empty for none. */
    public Param<String> labelCol() {
        return labelCol;
    }

    /** Sets {@link #labelCol}. */
    public LeanvitTransformer setLabelCol(String column) {
        set(labelCol, column);
        return this;
    }

    /** Column that receives what is wrong with a picture; by default {@code error}. */
    public Param<String> errorCol() {
        return errorCol;
    }

    /** Sets {@link #errorCol}. */
    public LeanvitTransformer setErrorCol(String column) {
        set(errorCol, column);
        return this;
    }

    /** The model's directory, as the executors see it; must be set. */
    public Param<String> modelPath() {
        return modelPath;
    }

    /** Sets {@link #modelPath}. */
    public LeanvitTransformer setModelPath(String directory) {
        set(modelPath, directory);
        return this;
    }

    /** How tokens are reduced, a SPEC; by default {@code none}. */
    public Param<String> reducer() {
        return reducer;
    }

    /** Sets {@link #reducer}. */
    public LeanvitTransformer setReducer(String spec) {
        set(reducer, spec);
        return this;
    }

    /** Pictures that go through the model together; by default 8. */
    public IntParam batchSize() {
        return batchSize;
    }

    /** Sets {@link #batchSize}. */
    public LeanvitTransformer setBatchSize(int pictures) {
        set(batchSize, pictures);
        return this;
    }

    /** Whether {@link #outputCol} is a vector of spark.ml; by default an array of floats. */
    public BooleanParam vector() {
        return vector;
    }

    /** Sets {@link #vector}. */
    public LeanvitTransformer setVector(boolean dense) {
        set(vector, dense);
        return this;
    }

    private String value(Param<String> param) {
        return getOrDefault(param);
    }

    @Override
    public StructType transformSchema(StructType schema) {
        String input = value(inputCol);
        if (!Arrays.asList(schema.fieldNames()).contains(input)
                || !schema.apply(input).dataType().equals(DataTypes.BinaryType)) {
            throw new IllegalArgumentException("inputCol " + input + ": expected a column of bytes, the columns are "
                    + schema.simpleString());
        }
        for (StructField added : added()) {
            if (Arrays.asList(schema.fieldNames()).contains(added.name())) {
                throw new IllegalArgumentException("column " + added.name() + " is there already");
            }
        }
        List<StructField> fields = new ArrayList<>(Arrays.asList(schema.fields()));
        fields.addAll(added());
        return new StructType(fields.toArray(new StructField[0]));
    }

    /** The columns that this adds. */
    private List<StructField> added() {
        boolean dense = (Boolean) getOrDefault(vector);
        List<StructField> fields = new ArrayList<>();
        fields.add(DataTypes.createStructField(value(outputCol), dense ? SQLDataTypes.VectorType()
                : DataTypes.createArrayType(DataTypes.FloatType, false), true));
        if (!value(labelCol).isEmpty()) {
            fields.add(DataTypes.createStructField(value(labelCol), DataTypes.StringType, true));
        }
        fields.add(DataTypes.createStructField(value(errorCol), DataTypes.StringType, true));
        return fields;
    }

    @Override
    public Dataset<Row> transform(Dataset<?> pictures) {
        StructType schema = transformSchema(pictures.schema());
        if (!isSet(modelPath)) {
            throw new IllegalArgumentException("modelPath is not set: the directory of a model, as the executors see "
                    + "it");
        }
        ModelRef model = ModelRef.of(value(modelPath)).withReducer(value(reducer));
        int columns = pictures.schema().size();
        PictureRows rows = new PictureRows(model, pictures.schema().fieldIndex(value(inputCol)),
                (Integer) getOrDefault(batchSize));
        boolean dense = (Boolean) getOrDefault(vector);
        boolean labelled = !value(labelCol).isEmpty();
        return pictures.toDF().mapPartitions((MapPartitionsFunction<Row, Row>)
                partition -> new Columns(rows.call(partition), columns, dense, labelled), Encoders.row(schema));
    }

    @Override
    public LeanvitTransformer copy(ParamMap extra) {
        return defaultCopy(extra);
    }

    /** Rows in the form of the columns that were asked for. */
    private record Columns(Iterator<Row> rows, int columns, boolean dense, boolean labelled)
            implements Iterator<Row> {

        @Override
        public boolean hasNext() {
            return rows.hasNext();
        }

        @Override
        public Row next() {
            Row row = rows.next();
            Object[] values = new Object[columns + (labelled ? 3 : 2)];
            for (int i = 0; i < columns; i++) {
                values[i] = row.get(i);
            }
            float[] embedding = (float[]) row.get(columns);
            values[columns] = embedding == null || !dense ? embedding : vector(embedding);
            if (labelled) {
                values[columns + 1] = row.get(columns + 1);
            }
            values[values.length - 1] = row.get(columns + 2);
            return RowFactory.create(values);
        }

        private static Vector vector(float[] embedding) {
            double[] values = new double[embedding.length];
            for (int i = 0; i < values.length; i++) {
                values[i] = embedding[i];
            }
            return Vectors.dense(values);
        }
    }
}
