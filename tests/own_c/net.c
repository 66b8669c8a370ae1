#include "net.h"

#include <math.h>
#include <stdlib.h>

Matrix matrix(int rows, int columns) {
    Matrix a = {rows, columns, malloc(rows * sizeof(double *))};
    for (int i = 0; i < rows; i++) a.at[i] = calloc(columns, sizeof(double));
    return a;
}

void free_matrix(Matrix a) {
    for (int i = 0; i < a.rows; i++) free(a.at[i]);
    free(a.at);
}

static Matrix affine(Matrix W, Matrix b, Matrix x) {
    Matrix out = matrix(W.rows, x.columns);
    for (int i = 0; i < W.rows; i++)
        for (int j = 0; j < x.columns; j++) {
            out.at[i][j] = b.at[i][0];
            for (int k = 0; k < W.columns; k++) out.at[i][j] += W.at[i][k] * x.at[k][j];
        }
    return out;
}

static void relu(Matrix x) {
    for (int i = 0; i < x.rows; i++)
        for (int j = 0; j < x.columns; j++)
            if (x.at[i][j] < 0) x.at[i][j] = 0;
}

Matrix predict(const Network *net, Matrix x) {
    Matrix hidden = affine(net->W[0], net->b[0], x);
    relu(hidden);
    Matrix out = affine(net->W[1], net->b[1], hidden);
    free_matrix(hidden);
    return out;
}

static void backward(Matrix x, Matrix d, Matrix dW, Matrix db) {
    for (int i = 0; i < d.rows; i++)
        for (int j = 0; j < d.columns; j++) {
            db.at[i][0] += d.at[i][j];
            for (int k = 0; k < x.rows; k++) dW.at[i][k] += d.at[i][j] * x.at[k][j];
        }
}

double gradient(const Network *net, Matrix x, const int *t, Network *grads) {
    Matrix hidden = affine(net->W[0], net->b[0], x), dhidden = matrix(hidden.rows, x.columns);
    relu(hidden);
    Matrix y = affine(net->W[1], net->b[1], hidden);
    double loss = 0;
    for (int j = 0; j < y.columns; j++) {
        double max = y.at[0][j], sum = 0;
        for (int i = 1; i < y.rows; i++) max = fmax(max, y.at[i][j]);
        for (int i = 0; i < y.rows; i++) sum += y.at[i][j] = exp(y.at[i][j] - max);
        for (int i = 0; i < y.rows; i++) y.at[i][j] /= sum;
        loss -= log(y.at[t[j]][j] + 1e-7) / y.columns;
        y.at[t[j]][j] -= 1;
        for (int i = 0; i < y.rows; i++) y.at[i][j] /= y.columns;
    }
    backward(hidden, y, grads->W[1], grads->b[1]);
    for (int k = 0; k < hidden.rows; k++)
        for (int j = 0; j < x.columns; j++)
            for (int i = 0; i < y.rows && hidden.at[k][j] > 0; i++)
                dhidden.at[k][j] += net->W[1].at[i][k] * y.at[i][j];
    backward(x, dhidden, grads->W[0], grads->b[0]);
    free_matrix(hidden), free_matrix(dhidden), free_matrix(y);
    return loss;
}
