/* A two-layer network as somebody has it: a sample is a column, W is (outputs, inputs), and the loss adds 1e-7. */
typedef struct {
    int rows, columns;
    double **at;
} Matrix;

typedef struct {
    Matrix W[2], b[2];
} Network;

Matrix matrix(int rows, int columns);
void free_matrix(Matrix a);
Matrix predict(const Network *net, Matrix x);
double gradient(const Network *net, Matrix x, const int *t, Network *grads);
