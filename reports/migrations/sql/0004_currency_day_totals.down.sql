DELETE FROM reports_currencydaytotal;
