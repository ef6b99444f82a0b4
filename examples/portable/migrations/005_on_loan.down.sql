DROP VIEW on_loan;
