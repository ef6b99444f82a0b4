/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The empty program: what the machine takes to start and end a process that does nothing.
 */
int main(void)
{
    return 0;
}
